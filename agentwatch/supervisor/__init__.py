"""The supervisor: headless, owns the agent, the gate and the journal; every face is its client."""
