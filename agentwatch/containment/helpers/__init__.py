"""The processes that stand between the supervisor and the agent.

Each module runs in a fresh interpreter without site-packages (`python -I -S`), so nothing here
imports the rest of agentwatch, and nothing slow: they decide how long a start takes.
"""
