"""The prompt of a conversation, on prompt_toolkit. Only these modules import it."""
