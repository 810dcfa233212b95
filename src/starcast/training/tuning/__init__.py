"""Settings that validate well, searched for: spaces, studies, trials, and processes that run them.

`priors` says where to look, `space` makes it a space, `study` keeps what was found, `trial` trains
once, `workers` train side by side, and `search` spends the budget.
"""
