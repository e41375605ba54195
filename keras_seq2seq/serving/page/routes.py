"""Which path of the server shows which file of the page."""

import importlib.resources
from collections.abc import Awaitable, Callable, Iterable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

# Nothing inline, nothing from elsewhere, no frame around it; scripts may ask this server alone.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # the address may hold the text
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",  # a newer release shows its own page
}
TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
FILES = ("index.html", "page.css", "page.js", "server.js", "view.js", "icon.svg")


def routes(models: Iterable[str]) -> list[Route]:
    """Returns the routes of the page: `/`, its files below `/page/`, and the names of all models.

    The names are a document of ours, `/page/models.json`, for TensorFlow Serving's REST API does
    not list them. Addresses in the page are relative, so it also works behind a prefix.

    Args:
        models: The names of the models that are served.
    """
    names = JSONResponse({"models": list(models)}, headers=HEADERS)
    return [
        *(_file(name) for name in FILES),
        Route("/page/models.json", _always(names)),
    ]


def _file(name: str) -> Route:
    body = (importlib.resources.files(__package__ or __name__) / name).read_bytes()
    kind = TYPES[name.rpartition(".")[2]]
    path = "/" if name == "index.html" else f"/page/{name}"
    return Route(path, _always(Response(body, media_type=kind, headers=HEADERS)))


def _always(response: Response) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return response

    return answer
