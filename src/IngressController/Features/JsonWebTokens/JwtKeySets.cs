using System.Collections.Concurrent;
using IngressController.Routing.Features.Authentication;
using IngressController.Signals;

namespace IngressController.Features.JsonWebTokens;

/// <summary>
/// The key sets that routes use, fetched in the background. Routes hold them, so the fetches of one end with the last route that names it.
/// </summary>
internal sealed partial class JwtKeySets(JwtKeyClient client, TimeProvider time, ILogger<JwtKeySets> logger) : BackgroundService
{
    /// <summary>The time between two fetches.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>The time after a fetch that failed, or before another one because of an unknown key.</summary>
    public static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<JwtKeySource, WeakReference<JwtKeySet>> _sets = [];
    private readonly Signal _added = new();

    /// <summary>The keys of a source, the same for all routes with it.</summary>
    public JwtKeySet Get(JwtKeySource source)
    {
        while (true)
        {
            if (_sets.TryGetValue(source, out var known) && known.TryGetTarget(out var set))
                return set;
            set = New(source);
            var added = new WeakReference<JwtKeySet>(set);
            if (known is null ? !_sets.TryAdd(source, added) : !_sets.TryUpdate(source, added, known))
                continue;
            _added.Set();
            return set;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var added = _added.Next;
            var areAny = FetchDue(stoppingToken);
            await (areAny ? Task.WhenAny(added, Task.Delay(LookInterval, time, stoppingToken)) : added.WaitAsync(stoppingToken))
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Starts the fetches that are due; false if no route needs any.</summary>
    private bool FetchDue(CancellationToken stopping)
    {
        var areAny = false;
        foreach (var (source, reference) in _sets)
        {
            if (!reference.TryGetTarget(out var set))
            {
                _sets.TryRemove(KeyValuePair.Create(source, reference));
                continue;
            }

            if (source is JwtKeySource.Text)
                continue;
            areAny = true;
            var now = time.GetTimestamp();
            if (!set.IsFetching && (now >= set.FetchAt || (set.IsKeyMissing && now >= set.NotBefore)))
                _ = FetchAsync(set, stopping);
        }

        return areAny;
    }

    private async Task FetchAsync(JwtKeySet set, CancellationToken stopping)
    {
        set.IsFetching = true;
        set.IsKeyMissing = false;
        try
        {
            Report(set, set.TryReplace(await client.FetchAsync(set.Source, stopping)));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return;
        }
        catch (Exception error)
        {
            // Not only I/O errors: no one waits for this task, so any other would be lost.
            Report(set, error.Message);
        }
        finally
        {
            var now = time.GetTimestamp();
            var wait = set.Problem is null ? Lifetime : RetryInterval;
            set.FetchAt = now + (long)(wait.TotalSeconds * time.TimestampFrequency);
            set.NotBefore = now + (long)(RetryInterval.TotalSeconds * time.TimestampFrequency);
            set.IsFetching = false;
        }
    }

    /// <summary>Logs a problem once while it stays the same: it is met every few seconds.</summary>
    private void Report(JwtKeySet set, string? problem)
    {
        if (problem is not null && problem != set.Problem)
            Log.Failed(logger, AddressOf(set.Source), problem, RetryInterval.TotalSeconds);
        set.Problem = problem;
    }

    private JwtKeySet New(JwtKeySource source)
    {
        var set = new JwtKeySet(source);
        if (source is JwtKeySource.Text text && set.TryReplace(text.Json) is { } problem)
            Log.Unusable(logger, text.Secret, problem);
        return set;
    }

    private static Uri AddressOf(JwtKeySource source) => source switch
    {
        JwtKeySource.Set set => set.Address,
        JwtKeySource.Discovery discovery => discovery.Address,
        _ => throw new ArgumentOutOfRangeException(nameof(source), "its keys are not fetched"),
    };

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "the keys of JSON Web Tokens at {Address} cannot be fetched: {Reason}; the last ones stay, and they are fetched again every {Seconds} s")]
        public static partial void Failed(ILogger logger, Uri address, string reason, double seconds);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Secret {Secret} data[jwks.json]: {Reason}; the paths that use it answer 503")]
        public static partial void Unusable(ILogger logger, ResourceName secret, string reason);
    }
}
