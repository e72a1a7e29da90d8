"""MQTT in the twin: quotes, execution reports, alarms and control.

`topics` says what is published where and how surely; `broker` is the broker as a process; `messages` is how a message looks on the wire
and how a receiver knows one that it has had; `outbox` is what a sender keeps; `client` connects all of it to a broker.

A broker's word is not enough. Killed with −9, mosquitto loses the sessions of its clients and every message that it had acknowledged and
not yet delivered; with a database written at every change it lost the last of 200, at 11 ms for each. amqtt keeps all in memory, and the
database of its plugin had one of 200. amqtt also forgets what a subscriber had not acknowledged when its connection closed. So a sender
that knows its receivers keeps each message of QoS 1 until they have acknowledged it themselves.
"""
