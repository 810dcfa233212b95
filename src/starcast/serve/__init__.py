"""The HTTP service: trained models answer over JSON, and a page shows what they know.

`service` puts the application together from `routes` and `status`. `model_store` holds the loaded
models and swaps in newer ones, as `reloading` has it in the background; `served_model` is one of
them in use, `trial` sees that it answers, `cost` how fast, `kept` keeps its lists, and `search`
finds items by words. `batching` makes answers where they hold nobody up. `schemas` says what
travels, `strict_route` ignores nothing of a query, `api_errors` says how a request is turned down,
`middleware` keeps limits, `prometheus` counts, and `static` hands out the page. `process` and
`http_protocol` run it all on Uvicorn, `logs` writes down. FastAPI is met only here.
"""
