"""Actions that arrive through an agent's own hooks.

Owns the program those hooks start (`client`), kept apart from everything it could import.
"""
