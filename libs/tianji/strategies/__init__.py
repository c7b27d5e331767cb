"""Strategies: in which order the deployments of a model group are tried. One module each."""
