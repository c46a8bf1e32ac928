"""A web server that is no etcd, for a test: python3 web_server.py CERTIFICATE KEY STATUS...

Prints its port, answers one POST a STATUS over TLS with a page, and ends; also where nobody comes for a while.
"""
import http.server
import ssl
import sys

PATIENCE_S = 30
PAGE = b"<html>Welcome.</html>"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    statuses = []

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(self.statuses.pop(0))
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(PAGE)))
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_):
        pass


def main(certificate, key, *statuses):
    Handler.statuses = [int(status) for status in statuses]
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    server.timeout = PATIENCE_S
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_address[1], flush=True)
    for _ in statuses:
        server.handle_request()


if __name__ == "__main__":
    main(*sys.argv[1:])
