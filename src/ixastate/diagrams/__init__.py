"""Pictures of the chart, drawn from the Graph and the Table alone.

    Graph, Table ──views──▶ Drawing ──dot, mermaid──▶ text ──render──▶ SVG, PNG, PDF

`views.drawing` makes a picture, `views.dot_source` writes it as DOT, the same bytes in every process, and
`render.render` draws it with whatever can draw here. Nothing runs the machine.
"""
