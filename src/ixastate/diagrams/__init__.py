"""Pictures of the machine: statecharts, slices, the bedside view and the path of a patient, drawn from the Graph.

    Graph, Table, records ──views──▶ Drawing ──dot, mermaid──▶ text ──render──▶ SVG, PNG, PDF

`views.drawing` makes a picture by the name of its view, `show` one of an object, `dot.write` its text, the same bytes
in every process, and `render.render` draws it with whatever can draw here. `gallery` holds the committed pictures and
`transitions` the same chart as a table.

What this room may not know: how the machine runs, the proofs, cohorts, and the command line. It reads the Graph, the
Table and the records of a course, decides no rule, and takes no name apart: what a state or symbol is, it asks.
"""
