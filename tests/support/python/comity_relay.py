"""A relay on loopback that plays the lines between hosts, where there is no network to cut.

A door is a port behind which another one lies. Whoever comes through it is known by the process that began the connection (its
socket is looked up in /proc), and so what goes each way is subject to the line of that way. A line that is cut lets nothing through,
and loses nothing for good either: what was sent arrives when it heals, as with TCP. A connection is made only while both ways are open.
"""

import asyncio
import os
import random
import threading

PIECE, RESEND_S = 1 << 16, 0.2   # bytes taken at once; how long a lost piece takes to come again
LOOK_S, LOOKS = 0.02, 3           # between two looks at whose connections there are; so many before one is nobody's
CUT = 1.0
HERE, ESTABLISHED = "0100007F:", "01"


def sockets():
    """{(port, the port that it is connected to): inode}, of 127.0.0.1"""
    found = {}
    with open("/proc/net/tcp") as table:
        for row in table.read().splitlines():
            words = row.split()
            if words[3] == ESTABLISHED and words[1].startswith(HERE) and words[2].startswith(HERE):
                found[int(words[1][9:], 16), int(words[2][9:], 16)] = words[9]
    return found


def holders(pids):
    """{inode of a socket: pid}"""
    found = {}
    for pid in pids:
        try:
            with os.scandir(f"/proc/{pid}/fd") as entries:
                for entry in entries:
                    kind, _, inode = os.readlink(entry.path).partition(":")
                    if kind == "socket":
                        found[inode[1:-1]] = pid
        except OSError:   # it has ended, or has closed it
            pass
    return found


class Relay:
    def __init__(self, host_of):
        """@host_of: pid -> name of the host, or None."""
        self.host_of, self.lines, self.doors, self.origins = host_of, {}, {}, {}
        self.loop = asyncio.new_event_loop()
        self.chance = random.Random(1)
        self.changed = self.looking = self.next_look = None
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.do(self.prepare())

    def do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    async def prepare(self):
        self.changed, self.looking = asyncio.Event(), asyncio.Lock()

    def set_lines(self, lines):
        """{(from, to): share that is lost, 1.0: cut}"""
        self.do(self.set_them(lines))

    async def set_them(self, lines):
        self.lines, self.origins = lines, {}
        self.changed.set()
        self.changed = asyncio.Event()

    def door(self, host, port, pids):
        """The port at which @port of @host is reached; the same for ever. @pids(): whose processes may come."""
        if (host, port) not in self.doors:
            self.doors[host, port] = self.do(self.open(host, port, pids))
        return self.doors[host, port].sockets[0].getsockname()[1]

    async def open(self, host, port, pids):
        async def came(reader, writer):
            await self.carry(reader, writer, host, port, pids)
        return await asyncio.start_server(came, "127.0.0.1", 0)

    def close(self):
        self.do(self.end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def end(self):
        for door in self.doors.values():
            door.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)   # what was closed is done with at the loop's next turn

    async def origin(self, ends, pids):
        """Whose connection it is. Looked up only where a line is not as it should be. That takes a while, and where lines are cut connections
        are begun again and again: so all who wait are served by the same look, beside the relay's loop, after a pause."""
        found = self.origins
        for _ in range(LOOKS):   # the kernel's list may miss one while others come and go
            if ends in found:
                return found[ends]
            if self.next_look is None:
                self.next_look = asyncio.ensure_future(self.look_up(pids))
            found = await asyncio.shield(self.next_look)
        return found.setdefault(ends, None)

    async def look_up(self, pids):
        """One at a time; who comes while one goes on waits for the next."""
        async with self.looking:
            await asyncio.sleep(LOOK_S)
            self.next_look = None
            self.origins = await self.loop.run_in_executor(None, lambda: self.found(pids()))
            return self.origins

    def found(self, pids):
        inodes, pid_of = sockets(), holders(pids)
        return {ends: self.host_of(pid_of[inode]) for ends, inode in inodes.items() if inode in pid_of}

    async def passes(self, line):
        """Returns when a piece gets through."""
        while self.lines and self.lines.get(await line(), 0) >= CUT:
            await self.changed.wait()
        while self.lines and self.chance.random() < self.lines.get(await line(), 0):
            await asyncio.sleep(RESEND_S)

    async def carry(self, reader, writer, host, port, pids):
        ends = writer.get_extra_info("peername")[1], writer.get_extra_info("sockname")[1]

        async def there():
            return await self.origin(ends, pids), host

        async def back():
            return host, await self.origin(ends, pids)
        writers = [writer]
        try:
            await self.passes(there)
            await self.passes(back)
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
            writers.append(inner_writer)
            await asyncio.gather(self.pump(reader, inner_writer, there), self.pump(inner_reader, writer, back))
        except OSError:   # nobody listens
            pass
        finally:
            for each in writers:
                each.close()

    async def pump(self, reader, writer, line):
        try:
            while piece := await reader.read(PIECE):
                await self.passes(line)
                writer.write(piece)
                await writer.drain()
            await self.passes(line)
            writer.close()
        except OSError:   # one end is gone: the other hears of it
            await self.passes(line)
            writer.close()
