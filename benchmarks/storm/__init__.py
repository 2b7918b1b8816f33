"""The storm: inboxes such as nobody would send on purpose, with clean returns among them, and what must hold of each."""
