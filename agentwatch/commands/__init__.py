"""The commands, one a file, each with its click command named `command`."""
