"""Break a rule, somewhere, somehow: it may be sound all the same."""


def messages(message):
    """@message and all that are within it."""
    yield message
    for field, value in message.ListFields():
        if field.message_type:
            for inner in value if field.label == field.LABEL_REPEATED else [value]:
                yield from messages(inner)


def alter_rule(rule, random):
    place = random.choice(list(messages(rule)))
    field = random.choice(place.DESCRIPTOR.fields)
    if field.name in ("stages", "duties"):
        return
    if field.label == field.LABEL_REPEATED:
        alter_list(getattr(place, field.name), field, random)
    elif field.message_type:
        if place.HasField(field.name):
            place.ClearField(field.name)
        else:
            getattr(place, field.name).SetInParent()
    else:
        setattr(place, field.name, another(field, getattr(place, field.name), random))


def alter_list(values, field, random):
    if values and random.random() < 0.5:
        del values[random.randrange(len(values))]
    elif values:
        values.extend([random.choice(values)])
    elif not field.message_type:
        values.append(another(field, 0, random))


def another(field, value, random):
    if field.enum_type:
        return random.choice([each.number for each in field.enum_type.values])
    if field.type == field.TYPE_BOOL:
        return not value
    if field.type == field.TYPE_STRING:
        return random.choice(("", "labour", "Labour", "north", "workers", "three-to-one", "a" * 41))
    return random.choice((0, 1, 2, 3, max(0, value - 1), value + 1, 10 ** 6))
