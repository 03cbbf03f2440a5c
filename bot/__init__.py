"""The GitHub App: a pull request comes in, one valid review goes out."""
