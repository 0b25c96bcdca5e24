"""The Agent Client Protocol: an agent that asks its client before it acts, the client being us.

Owns the protocol, version 1: the conversation, the agent's permission requests as proposals with
their real arguments, the answers to them.  What a request calls itself (its title) is never taken
for what it does; an answer that would hold for more than one action is never sent.

What does not work: an agent asks what it likes, the protocol obliges it to nothing.  What it did
without asking is seen only as far as it tells of it, and then it is too late: that is an alarm,
not a gate.  Version 2 takes file and terminal methods out of the protocol, so nothing here is
built on them.
"""
