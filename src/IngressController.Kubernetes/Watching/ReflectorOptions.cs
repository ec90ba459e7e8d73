namespace IngressController.Kubernetes.Watching;

/// <summary>The objects that a reflector watches, and its timings.</summary>
public sealed record ReflectorOptions
{
    /// <summary>The namespace; null for all. Ignored for cluster-scoped resources.</summary>
    public string? Namespace { get; init; }

    /// <summary>The field selector, for example <c>type=kubernetes.io/tls</c>.</summary>
    public string? FieldSelector { get; init; }

    public string? LabelSelector { get; init; }

    /// <summary>Number of objects per page if the server does not answer from its cache. Default 500.</summary>
    public int PageSize { get; init; } = 500;

    /// <summary>
    /// Requests the initial state as a stream (KEP-3157), which costs the server far less memory than a list. Falls back to lists for the
    /// rest of the run if the server does not support it. Default true.
    /// </summary>
    public bool UseWatchList { get; init; } = true;

    public ReflectorTimings Timings { get; init; } = new();
}

/// <summary>The timings of a reflector; those that client-go's reflector has too have its values.</summary>
public sealed record ReflectorTimings
{
    /// <summary>Minimum of the random timeout of a watch, which is random so that not all end at once. Default 300 s.</summary>
    public TimeSpan MinWatchTimeout { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>Maximum of the random timeout of a watch. Default 600 s.</summary>
    public TimeSpan MaxWatchTimeout { get; init; } = TimeSpan.FromSeconds(600);

    /// <summary>The time after the timeout of an idle watch at which it is considered dead. Default 15 s.</summary>
    public TimeSpan WatchTimeoutGrace { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The idle timeout of a watch on which bookmarks arrive about every minute. Default 70 s.</summary>
    public TimeSpan BookmarkIdleTimeout { get; init; } = TimeSpan.FromSeconds(70);

    /// <summary>The idle timeout of initial events; then the server is considered unable to send them. Default 30 s.</summary>
    public TimeSpan InitialEventsIdleTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The duration below which a watch without an event is an error. Default 1 s.</summary>
    public TimeSpan MinWatchDuration { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The first delay after an error; each further delay is doubled. Default 800 ms.</summary>
    public TimeSpan MinBackoff { get; init; } = TimeSpan.FromMilliseconds(800);

    /// <summary>Maximum delay before jitter, which adds up to the same amount again. Default 30 s.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The time without an error after which the delays are reset. Default 2 min.</summary>
    public TimeSpan BackoffReset { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Maximum delay after a 403, before jitter: permissions are granted by people. Default 30 s.</summary>
    public TimeSpan ForbiddenBackoff { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Maximum Retry-After that is respected. Default 2 min.</summary>
    public TimeSpan MaxRetryAfter { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The time for which a watch is retried at its version after a 500; then it is relisted. Default 1 min.</summary>
    public TimeSpan MaxInternalErrorRetryDuration { get; init; } = TimeSpan.FromMinutes(1);
}
