"""The HTTP service: trained models answer over JSON, and a page shows what they know.

`service` puts the application together from `routes` and `status`. `model_store` holds the loaded
models and swaps in newer ones, `served_model` is one of them in use, `batching` makes quick answers
in a row, `search` finds items by words. `schemas` says what travels, `api_errors` how a request is
turned down, `middleware` keeps limits, `prometheus` counts, and `static` hands out the page.
`process` and `http_protocol` run it all on Uvicorn. FastAPI is met only here.
"""
