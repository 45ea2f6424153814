"""A page to teach with: the machine of an edition in one file that a browser opens, without a network.

`tables` makes the data of an edition: its moves, and what events mean, read by asking the alphabet. `machine.js` looks
answers up in them and holds no rule. `page` puts data, scripts and picture into one HTML file. This room decides
nothing, and knows no command.
"""
