"""The Keras engine: any expression, trained by autodiff on TensorFlow or JAX, on CPUs and GPUs.

`backend` loads Keras, `operations` are the operations of expressions in it, `rules` move weights,
`epoch` is a pass over the ratings that stays on the device, `batch` what its steps read, `losses`
what they lower, `engine` what the loop asks of it.

`reading` makes an expression of a network of one's own, over `inputs`, by what `layers` and
`activations` know.
"""
