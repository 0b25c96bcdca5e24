"""The gate below the agent: its system calls are held until they are judged."""
