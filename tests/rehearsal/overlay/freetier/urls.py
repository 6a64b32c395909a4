"""Where moto finds this backend."""

from .responses import FreeTierResponse

url_bases = [r"https?://freetier\.(.+)\.amazonaws\.com"]
url_paths = {"{0}/$": FreeTierResponse.dispatch}
