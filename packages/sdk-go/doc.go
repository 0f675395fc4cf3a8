// Package arqonbus is a client of ArqonBus, a real-time message bus for people, devices and AI agents.
//
// [Connect] opens a [Client], which keeps its connection: it reconnects by itself, goes on as the same client where the
// server allows it, and joins every channel again from where it was. A [Subscription] hands each publication on once.
package arqonbus
