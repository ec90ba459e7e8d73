namespace IngressController.Kubernetes.Watching;

/// <summary>No byte arrived for too long: the connection is taken for dead.</summary>
internal sealed class WatchStalledException(TimeSpan silence)
    : TimeoutException($"nothing arrived for {silence.TotalSeconds:0.#} s, the connection seems dead");

/// <summary>A server that ends each watch at once must not be asked again at once.</summary>
internal sealed class ShortWatchException() : IOException("the server ended the watch at once and without an event");

/// <summary>The stream cannot be followed any further; only a list tells the state.</summary>
internal sealed class RelistException(string reason) : Exception(reason);

/// <summary>The server accepted a watch-list and then did not do it.</summary>
internal sealed class WatchListException(string reason, Exception? inner = null) : Exception(reason, inner);

/// <summary>The receiver of changes threw.</summary>
internal sealed class DeliveryException(Exception inner) : Exception($"the receiver failed: {inner.Message}", inner);
