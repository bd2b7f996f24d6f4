#!/usr/bin/python3
"""A complete driver in Python, for a thermometer with a door and a card reader, over HTTP:

    GET  http://10.0.0.9/status.json  ->  {"temperature": 21.5, "door": "closed", "card": "04A1B2C3"}
    POST http://10.0.0.9/door             {"open": true}

While a card is on the reader and the door is closed, the driver asks the gateway whether its
holder may pass.

Copy it and change what concerns the thermometer: PROFILE, DESCRIPTION and Thermometer. The rest
implements the driver contract, which drivers/driverpb/README.md describes, for any equipment.
"""

import base64
import datetime
import http.client
import ipaddress
import json
import math
import os
import queue
import signal
import socket
import sys
import threading
import urllib.parse
from concurrent import futures

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import driver_pb2 as pb

# ---- the thermometer -------------------------------------------------------------------------

# What the device can report and do. The gateway rejects anything else and shows why.
PROFILE = {
    "id": "example-python-thermometer",
    "title": "Thermometer with a door (Python)",
    "title_zh": "带门磁的温度计（Python）",
    "type": "sensor",
    "properties": {
        "temperature": {"title": "Temperature", "title_zh": "温度", "type": "number", "unit": "Cel"},
        "door": {"title": "Door", "title_zh": "门", "type": "string", "enum": ["open", "closed"]},
    },
    "sightings": ["card"],
    "no_answer": "deny",
    "actions": {"open": {"title": "Open the door", "title_zh": "开门"}},
    "events": {
        "door": {"title": "The door moved", "title_zh": "门动作", "data": {"state": {"type": "string"}}},
    },
}

DESCRIPTION = pb.Description(
    name="example-python",
    title="Example thermometer in Python",
    title_zh="示例温度计（Python）",
    version="1.0.0",
    address=[
        pb.Field(key="host", title="Host", title_zh="主机", kind="host", required=True,
                 help="host or host:port"),
        pb.Field(key="every", title="Seconds between two readings", title_zh="读数间隔（秒）",
                 default="10"),
    ],
    profiles=[json.dumps(PROFILE).encode()],
    commands=True,
)


class Away(Exception):
    """Why a device cannot be reached: a reason code, its params, and a sentence."""

    def __init__(self, code, sentence, **params):
        super().__init__(sentence)
        self.cause = pb.Reason(code=code, params=params)


class Thermometer:
    """One device of the gateway."""

    def __init__(self, device):
        self.device = device
        self.door = None
        self.card = None  # on the reader
        self.no_answer = json.loads(device.profile).get("no_answer", "deny")

    def every(self):
        """Seconds between two readings. The gateway does not check addresses: this does."""
        said = self.device.address["every"] or "10"
        try:
            seconds = float(said)
        except ValueError:
            seconds = math.nan
        if math.isnan(seconds):
            text = f"every is a number of seconds, not {said}"
            raise Away("other", text, text=text)
        return min(max(seconds, 0.05), 3600)

    def read(self):
        """Queries the thermometer once and returns the observations for the gateway."""
        said = json.loads(self.ask("GET", "/status.json"))
        reading = pb.Reading(values={
            "temperature": pb.Value(number=said["temperature"]),
            "door": pb.Value(text=said["door"]),
        })
        out = [pb.Observation(device=self.device.id, reading=reading)]
        if self.door is not None and self.door != said["door"]:
            moved = pb.Occurrence(kind="door", data={"state": pb.Value(text=said["door"])})
            out.append(pb.Observation(device=self.device.id, occurrence=moved))
        self.door, self.card = said["door"], said.get("card")
        return out

    def open(self):
        self.ask("POST", "/door", json.dumps({"open": True}))

    def ask(self, method, path, body=None):
        """One HTTP request, with at most 5 s a step and 64 KiB of response."""
        address = self.device.address["host"]
        try:
            where = urllib.parse.urlsplit("//" + address)
            ip = self.allowed(where.hostname, where.port or 80)
            connection = http.client.HTTPConnection(ip, where.port or 80, timeout=5)
            connection.connect()
            try:
                self.another_machine(connection.sock)
                connection.request(method, path, body, {"Host": address})
                answer = connection.getresponse()
                text = answer.read(64 << 10)
            finally:
                connection.close()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Away("other", f"the thermometer at {address}: {error}",
                       text=f"the thermometer at {address}: {error}") from error
        if answer.status >= 300:
            raise Away("odd_answer", f"{address} answers {answer.status} to {path}",
                       address=address, protocol="HTTP", detail=str(answer.status))
        return text

    def allowed(self, host, port):
        """Resolves a host to an address that the gateway allows to connect to: a name may resolve
        differently than when it was registered."""
        ip = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0]
        if not self.device.HasField("reach"):
            return ip
        at = ipaddress.ip_address(ip)
        at = getattr(at, "ipv4_mapped", None) or at
        here = at.is_loopback or at.is_unspecified
        if here and not self.device.reach.this_machine or at.is_multicast or \
                at.is_link_local and not self.device.reach.link_local:
            raise OSError(f"the gateway does not allow drivers to connect to {at}")
        return ip

    def another_machine(self, sock):
        """Refuses a connection to this machine before anything is sent."""
        if self.device.HasField("reach") and not self.device.reach.this_machine and \
                sock.getsockname()[0] == sock.getpeername()[0]:
            raise OSError("the gateway does not allow drivers to connect to its own machine")


# ---- the contract ----------------------------------------------------------------------------

COOKIE = "2d6b8f5e0c1947a3"
KNOWN = (1, 2)          # versions of the contract that this driver speaks
MOST_BATCHES = 256      # of at most 4 observations each: a window of 1,024
MOST_MESSAGE = 16 << 20


class Ended(Exception):
    """The session with the gateway has ended."""


class Session:
    """The one stream to the gateway: it sends batches and receives acknowledgements."""

    def __init__(self, version):
        self.version = version
        self.outgoing = queue.Queue()  # bounded by room and one question a device
        self.room = threading.Semaphore(MOST_BATCHES)
        self.lock = threading.Lock()
        self.waiting = {}  # by batch: the future of its acknowledgement
        self.asked = {}  # by question: the future of its answer
        self.last = 0  # the last number of a batch or question
        self.over = False

    def emit(self, observations):
        """Blocks until the observations, at most 4, are on the gateway's disk."""
        while True:
            with self.room:
                with self.lock:
                    if self.over:
                        raise Ended
                    self.last += 1
                    batch = pb.Batch(id=self.last, observations=observations)
                    done = self.waiting[batch.id] = futures.Future()
                self.outgoing.put(pb.FromDriver(batch=batch))
                error = done.result()
            if error is None:
                return
            log(f"the gateway did not take a batch: {error.message}")
            threading.Event().wait(1)  # then try again

    def acknowledged(self, ack):
        with self.lock:
            done = self.waiting.pop(ack.batch, None)
        if done:
            done.set_result(ack.error if ack.HasField("error") else None)

    def ask(self, device, method, credential):
        """Returns the gateway's answer, or None if there is none within 100 ms."""
        with self.lock:
            if self.over or self.version < 2:
                return None
            self.last += 1
            number, done = self.last, futures.Future()
            self.asked[number] = done
        self.outgoing.put(pb.FromDriver(
            ask=pb.Ask(id=number, device=device, method=method, credential=credential)))
        try:
            return done.result(0.1)
        except futures.TimeoutError:
            return None
        finally:
            with self.lock:
                self.asked.pop(number, None)

    def answered(self, answer):
        with self.lock:
            done = self.asked.pop(answer.id, None)
        if done:  # otherwise it is late: drop it
            done.set_result(answer)

    def end(self):
        with self.lock:
            self.over = True
            waiting, self.waiting = self.waiting, {}
        for done in waiting.values():
            done.set_exception(Ended())
        self.outgoing.put(None)


class Served(threading.Thread):
    """Serves one device until let_go, and begins when before, which served it until now, has ended:
    a device is never served twice at a time. It reports the device online and offline itself: the
    gateway only knows whether the program runs."""

    def __init__(self, session, device, before=None):
        super().__init__(daemon=True)
        self.session, self.device, self.before = session, device, before
        self.thermometer = Thermometer(device)
        self.gone = threading.Event()
        self.wake = threading.Event()  # ends the wait: read now, or check gone

    def let_go(self):
        self.gone.set()
        self.wake.set()

    def status(self, **said):
        self.session.emit([pb.Observation(device=self.device.id, status=pb.Status(**said))])

    def admit(self, card):
        """Opens the door if the gateway allows it. Without an answer the profile's no_answer
        decides; a pass allowed by it is reported."""
        answer = self.session.ask(self.device.id, "card", card)
        if answer is None and self.thermometer.no_answer == "allow":
            self.thermometer.open()
            self.session.emit([pb.Observation(device=self.device.id,
                                              occurrence=pb.Occurrence(kind="unanswered"))])
        elif answer is not None and answer.allow:
            self.thermometer.open()
            self.wake.set()

    def run(self):
        if self.before:
            self.before.join()
            self.before = None
        online, pause = None, 1
        while not self.gone.is_set():
            try:
                every = self.thermometer.every()
                found = self.thermometer.read()
                if not online:
                    self.status(state="online")
                self.session.emit(found)
                online, pause = True, 1
                if self.thermometer.card and self.thermometer.door == "closed":
                    self.admit(self.thermometer.card)
                self.wake.wait(every)
            except Ended:
                return
            except Exception as error:  # whatever it is, report it once
                try:
                    if online is not False:
                        cause = getattr(error, "cause", None) or \
                            pb.Reason(code="other", params={"text": str(error)})
                        self.status(state="offline", reason=str(error), causes=[cause])
                except Ended:
                    return
                online = False
                self.wake.wait(pause)
                pause = min(2 * pause, 60)
            self.wake.clear()


class Driver:
    """Implements the gateway's calls; gRPC itself answers the missing ones with UNIMPLEMENTED."""

    def __init__(self, version):
        self.version = version
        self.session = Session(version)
        self.devices = {}
        self.leaving = {}  # by device: what served it and has not ended yet
        self.begun, self.ended = threading.Event(), threading.Event()

    def describe(self, _request, _context):
        said = pb.Description(contract=self.version)
        said.MergeFrom(DESCRIPTION)
        return said

    def command(self, request, context):
        served = self.devices.get(request.device)
        if served is None:
            context.abort(grpc.StatusCode.NOT_FOUND, f"device {request.device} is not served")
        if request.action != "open":
            context.abort(grpc.StatusCode.NOT_FOUND, f"there is no action {request.action}; use open")
        try:
            served.thermometer.open()
        except Away as error:
            context.abort(grpc.StatusCode.INTERNAL, str(error))
        served.wake.set()
        return pb.CommandReply(message="the door is open")

    def serve(self, requests, _context):
        """The session: yields the messages for the gateway."""
        if self.begun.is_set():
            return
        self.begun.set()
        threading.Thread(target=self.listen, args=(requests,), daemon=True).start()
        try:
            while True:
                message = self.session.outgoing.get()
                if message is None:
                    return
                yield message
        finally:
            self.ended.set()

    def listen(self, requests):
        """Handles the gateway's messages until it disconnects."""
        try:
            for said in requests:
                kind = said.WhichOneof("message")
                if kind == "ack":
                    self.session.acknowledged(said.ack)
                elif kind == "answer":
                    self.session.answered(said.answer)
                elif kind == "connect":
                    self.let_go(said.connect.id)
                    served = self.devices[said.connect.id] = Served(
                        self.session, said.connect, self.leaving.pop(said.connect.id, None))
                    served.start()
                elif kind == "disconnect":
                    self.let_go(said.disconnect)
                elif kind == "stop":
                    # In a separate thread, because acknowledgements must still be read meanwhile.
                    threading.Thread(target=self.stop, daemon=True).start()
        except grpc.RpcError:
            pass  # the gateway is gone
        self.session.end()

    def let_go(self, device):
        self.leaving = {d: s for d, s in self.leaving.items() if s.is_alive()}
        served = self.devices.pop(device, None)
        if served:
            served.let_go()
            self.leaving[device] = served

    def stop(self):
        served = [*self.devices.values(), *self.leaving.values()]
        for one in served:
            one.let_go()
        for one in served:
            one.join(4)
        self.session.end()

    def handlers(self):
        unary, stream = grpc.unary_unary_rpc_method_handler, grpc.stream_stream_rpc_method_handler
        yield grpc.method_handlers_generic_handler("gatehouse.driver.v1.Driver", {
            "Describe": unary(self.describe, pb.DescribeRequest.FromString,
                              pb.Description.SerializeToString),
            "Command": unary(self.command, pb.CommandRequest.FromString,
                             pb.CommandReply.SerializeToString),
            "Session": stream(self.serve, pb.FromHost.FromString, pb.FromDriver.SerializeToString),
        })
        # A HealthCheckResponse with the status SERVING, encoded.
        yield grpc.method_handlers_generic_handler("grpc.health.v1.Health", {
            "Check": unary(lambda _request, _context: b"\x08\x01"),
        })


def identity():
    """Makes a self-signed certificate for localhost and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.utcnow()
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256()))
    return certificate, key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def log(text):
    print(text, file=sys.stderr, flush=True)


def main():
    if os.environ.get("GATEHOUSE_DRIVER") != COOKIE:
        print(f"{DESCRIPTION.name} {DESCRIPTION.version}: a driver for the Gatehouse gateway, which "
              f"starts it. Name it in the gateway's configuration:\n\n"
              f"  drivers:\n    - name: {DESCRIPTION.name}\n      path: {os.path.abspath(__file__)}\n"
              f"      read: [{os.path.dirname(os.path.abspath(__file__))}]")
        return
    # Signals are ignored: the gateway ends the program after releasing its devices.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    served = [int(v) for v in os.environ["PLUGIN_PROTOCOL_VERSIONS"].split(",")]
    driver = Driver(max((v for v in served if v in KNOWN), default=KNOWN[-1]))
    certificate, key = identity()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16), options=[
        ("grpc.max_receive_message_length", MOST_MESSAGE),
        ("grpc.max_send_message_length", MOST_MESSAGE),
        # The gateway sends a keep-alive ping every 10 s.
        ("grpc.http2.min_ping_interval_without_data_ms", 5000),
    ])
    server.add_generic_rpc_handlers(tuple(driver.handlers()))
    path = os.path.join(os.environ["PLUGIN_UNIX_SOCKET_DIR"], "driver.sock")
    server.add_secure_port("unix:" + path, grpc.ssl_server_credentials(
        [(key, certificate.public_bytes(serialization.Encoding.PEM))],
        root_certificates=os.environ["PLUGIN_CLIENT_CERT"].encode(), require_client_auth=True))
    server.start()
    der = certificate.public_bytes(serialization.Encoding.DER)
    print("|".join(["1", str(driver.version), "unix", path, "grpc",
                    base64.b64encode(der).decode().rstrip("=")]), flush=True)
    if driver.begun.wait(30):  # otherwise the gateway has died
        driver.ended.wait()
        server.stop(1).wait()


if __name__ == "__main__":
    main()
