"""devchat: a developer assistant and pull-request reviewer, on a local model or a remote one."""

__version__ = "0.1.0"
