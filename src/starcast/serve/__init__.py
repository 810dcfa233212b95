"""The HTTP service: trained models answer over JSON, and a page shows what they know.

`service` puts the application together from `routes` and `reports`. `shelf` holds the loaded models
and swaps in newer ones, `loaded` is one of them in use, `search` finds items by words. `wire` says
what travels, `refusal` how a request is turned down, `guard` keeps limits, `measures` counts, and
`site` hands out the page. `process` and `patience` run it all on Uvicorn. FastAPI is met only here.
"""
