namespace IngressController.Kubernetes.Watching;

/// <summary>No data arrived for too long; the connection is considered dead.</summary>
internal sealed class WatchStalledException(TimeSpan idle)
    : TimeoutException($"no data for {idle.TotalSeconds:0.#} s, the connection is considered dead");

/// <summary>The server ended a watch at once; the next one is delayed so that it does not loop.</summary>
internal sealed class ShortWatchException() : IOException("the server ended the watch at once and without an event");

/// <summary>The watch cannot continue; only a list restores the state.</summary>
internal sealed class RelistException(string reason) : Exception(reason);

/// <summary>The server accepted a watch-list but did not complete it.</summary>
internal sealed class WatchListException(string reason, Exception? inner = null) : Exception(reason, inner);

/// <summary>The receiver of changes threw an exception.</summary>
internal sealed class DeliveryException(Exception inner) : Exception($"the receiver failed: {inner.Message}", inner);
