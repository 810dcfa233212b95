"""Bayesian factorization, sampled by blocks of Gibbs steps."""
