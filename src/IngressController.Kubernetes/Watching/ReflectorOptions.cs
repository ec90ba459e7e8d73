namespace IngressController.Kubernetes.Watching;

/// <summary>What a reflector watches, and its timings.</summary>
public sealed record ReflectorOptions
{
    /// <summary>Null: all namespaces. Ignored for cluster-scoped resources.</summary>
    public string? Namespace { get; init; }

    /// <summary>For example <c>type=kubernetes.io/tls</c>.</summary>
    public string? FieldSelector { get; init; }

    public string? LabelSelector { get; init; }

    /// <summary>Objects per page where the server does not answer from its cache. Default 500.</summary>
    public int PageSize { get; init; } = 500;

    /// <summary>
    /// Ask for the initial state as a stream (KEP-3157), which costs the server far less memory than a list.
    /// Falls back to lists for the rest of the run where the server cannot. Default true.
    /// </summary>
    public bool UseWatchList { get; init; } = true;

    public ReflectorTimings Timings { get; init; } = new();
}

/// <summary>The timings of client-go's reflector, where it has them.</summary>
public sealed record ReflectorTimings
{
    /// <summary>Each watch asks for a random time-out between these two, so that not all end at once. Default 300 s.</summary>
    public TimeSpan MinWatchTimeout { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>Default 600 s.</summary>
    public TimeSpan MaxWatchTimeout { get; init; } = TimeSpan.FromSeconds(600);

    /// <summary>How long a watch may be silent beyond its time-out before it counts as dead. Default 15 s.</summary>
    public TimeSpan WatchTimeoutGrace { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a watch may be silent when bookmarks have been coming about each minute. Default 70 s.</summary>
    public TimeSpan BookmarkSilence { get; init; } = TimeSpan.FromSeconds(70);

    /// <summary>How long the initial events of a watch-list may pause before the server counts as unable. Default 30 s.</summary>
    public TimeSpan InitialEventsSilence { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A watch that ends sooner and without an event counts as an error. Default 1 s.</summary>
    public TimeSpan ShortWatch { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The first delay after an error; each further one is doubled. Default 800 ms.</summary>
    public TimeSpan MinBackoff { get; init; } = TimeSpan.FromMilliseconds(800);

    /// <summary>The longest delay before jitter, which adds up to as much again. Default 30 s.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>After so long without an error the delays start over. Default 2 min.</summary>
    public TimeSpan BackoffReset { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The longest delay after 403, before jitter: permissions are granted by people. Default 30 s.</summary>
    public TimeSpan ForbiddenRetry { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest Retry-After that is obeyed. Default 2 min.</summary>
    public TimeSpan MaxRetryAfter { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a watch is retried at its version while the server answers 500; then everything is listed again. Default 1 min.</summary>
    public TimeSpan InternalErrorRetry { get; init; } = TimeSpan.FromMinutes(1);
}
