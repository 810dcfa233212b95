"""Certificates for this machine that nobody else has signed."""

import subprocess
from pathlib import Path

_AUTHORITY = """
[ca]
default_ca = own
[own]
database = {folder}/issued
new_certs_dir = {folder}
serial = {folder}/serial
default_md = sha256
policy = names
x509_extensions = address
[names]
commonName = supplied
[address]
subjectAltName = IP:127.0.0.1
basicConstraints = critical, CA:TRUE
[req]
distinguished_name = subject
prompt = no
[subject]
CN = 127.0.0.1
"""


def make_certificate(folder: Path, last_year: int) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1, valid from 2000 to `last_year`, and its key."""
    folder.mkdir()
    config, key, request = folder / "config", folder / "key.pem", folder / "request.pem"
    certificate = folder / "certificate.pem"
    config.write_text(_AUTHORITY.format(folder=folder))
    (folder / "issued").touch()
    (folder / "serial").write_text("01\n")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    dates = ("-startdate", "20000101000000Z", "-enddate", f"{last_year}0101000000Z")
    common = ("-config", config, "-batch")
    for command in (
        ("req", "-new", *curve, "-keyout", key, "-out", request, *common),
        ("ca", "-selfsign", "-keyfile", key, "-in", request, "-out", certificate, *dates, *common),
    ):
        subprocess.run(["openssl", *command], check=True, capture_output=True)
    return certificate, key
