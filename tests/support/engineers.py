"""Engineers on call, and somebody who is none."""

CONTACTS = """
servers:
  mail: mailto://127.0.0.1:{port}?from=THADS <kho@example.vn>&to={{to}}
people:
  - id: on-call
    name: Kỹ sư trực
    role: operator
    channels: [{{via: mail, to: oncall@example.vn}}]
  - id: second
    name: Second engineer
    language: en
    role: operator
    channels: [{{via: mail, to: second@example.vn}}]
  - id: an
    name: Lê Thị An
    nation: true
    channels: [{{via: mail, to: an@example.vn}}]
"""
