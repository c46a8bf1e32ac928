"""A copy of the record as it lies in a file, for tests that alter it: records with their lengths, and the fields of
messages by their numbers (docs/storage.md, "The export stream"). Lengths are made to fit again; nothing else is."""


def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def read_varint(data, at):
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at


def fields(message):
    """[number, wire type, value] of each field, in their order: of varints and of pieces."""
    at, found = 0, []
    while at < len(message):
        tag, at = read_varint(message, at)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            value, at = read_varint(message, at)
        elif kind == 2:
            size, at = read_varint(message, at)
            value, at = message[at:at + size], at + size
        else:
            raise ValueError(f"wire type {kind}")
        found.append([number, kind, value])
    return found


def field_of(message, number):
    return next(value for at, _, value in fields(message) if at == number)


def packed(found):
    out = b""
    for number, kind, value in found:
        out += varint(number << 3 | kind)
        out += varint(value) if kind == 0 else varint(len(value)) + value
    return out


def altered(message, path, change):
    """The message with the first thing at @path changed. A step is a field's number, or (number, index)."""
    (number, index), rest = (path[0] if isinstance(path[0], tuple) else (path[0], 0)), path[1:]
    found = fields(message)
    places = [field for field in found if field[0] == number]
    field = places[index]
    field[2] = altered(field[2], rest, change) if rest else change(field[2])
    return packed(found)


class ExportFile:
    def __init__(self, path):
        data, at, self.records = path.read_bytes(), 0, []
        while at < len(data):
            size, at = read_varint(data, at)
            self.records.append(data[at:at + size])
            at += size

    def write(self, path):
        path.write_bytes(b"".join(varint(len(record)) + record for record in self.records))
        return path

    def place(self, sequence):
        """Header and history come first; then the events, each with a checkpoint at times."""
        events = [i for i, record in enumerate(self.records) if fields(record)[0][0] == 3]
        return events[sequence - 1]

    def drop(self, sequence):
        del self.records[self.place(sequence)]

    def alter(self, sequence, part, path, change):
        """In the content of a part of an event: 0 the open part, 1 the command."""
        place = self.place(sequence)
        self.records[place] = altered(self.records[place], [3, 1, (2, part), 5, *path], change)
