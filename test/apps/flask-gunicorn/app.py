"""A usual Flask app behind gunicorn."""
import os
import sys

from flask import Flask, jsonify, request

app = Flask(__name__)


@app.get("/")
def index():
    return "hello from Flask\n"


@app.get("/env")
def env():
    return jsonify(dict(os.environ))


@app.get("/version")
def version():
    return jsonify(python=sys.version.split()[0], pid=os.getpid(), dyno=os.environ.get("DYNO"))


@app.post("/echo")
def echo():
    return request.get_data(), 200, {"content-type": request.content_type or "application/octet-stream"}
