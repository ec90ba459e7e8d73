using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Transport;

namespace IngressController.Kubernetes.Leasing;

/// <summary>
/// A candidate of a leader election by a Lease. It acquires the lease when it is free, renews it while it leads, and continues as a
/// candidate after it has lost it; no failure ends it.
/// </summary>
public sealed class LeaderElector
{
    private readonly LeaderElectorOptions _options;
    private readonly TimeProvider _time;
    private readonly Action<LeaderNotice> _onNotice;
    private readonly Random _random;
    private readonly LeaseClaim _claim;
    private readonly string _lease;
    private string _reportedLeader = "";
    private bool _isFailing;
    private int _forbiddenInARow;
    private long _lastCall;

    /// <param name="access">Reads and writes the Lease.</param>
    /// <param name="options">The name of the Lease, and the durations.</param>
    /// <param name="time">Only its timestamps decide; its time of day is written for people to read.</param>
    /// <param name="onNotice">Receives notices, from any thread; must not throw or block.</param>
    /// <param name="random">The source of the jitter; null for the default.</param>
    /// <exception cref="ArgumentException">The durations contradict each other.</exception>
    public LeaderElector(
        LeaseAccess access, LeaderElectorOptions options, TimeProvider time, Action<LeaderNotice> onNotice, Random? random = null)
    {
        options.Validate();
        _options = options;
        _time = time;
        _onNotice = onNotice;
        _random = random ?? Random.Shared;
        _claim = new LeaseClaim(access, options, time);
        _lease = $"{options.Namespace}/{options.Name}";
    }

    /// <summary>Takes part until it is stopped; then waits for the leader tasks to end and releases the lease.</summary>
    /// <param name="lead">
    /// Runs the leader tasks; called each time this candidate becomes the leader. It must end soon after the term is lost or the candidate
    /// is stopped; in the latter case the lease is renewed until it has ended. It returns true if all tasks have ended; otherwise the lease
    /// is left to expire.
    /// </param>
    /// <param name="stop">Stops the candidate.</param>
    public async Task RunAsync(Func<LeaderTerm, Task<bool>> lead, CancellationToken stop)
    {
        var mayRelease = true;
        while (!stop.IsCancellationRequested)
        {
            if (await AcquireAsync(stop).ConfigureAwait(false) is { } term)
                mayRelease = await LeadAsync(term, lead, stop).ConfigureAwait(false);
        }

        if (mayRelease && _claim.MayBeHeld)
            await ReleaseAsync().ConfigureAwait(false);
    }

    /// <returns>The term; null if the candidate was stopped.</returns>
    private async Task<LeaderTerm?> AcquireAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var delay = _options.RetryPeriod * (1 + (LeaderElectorOptions.JitterFactor * _random.NextDouble()));
            try
            {
                if (await CallAsync(_claim.AcquireAsync, stop).ConfigureAwait(false) is { } sent)
                {
                    var term = new LeaderTerm(sent, _options.RenewDeadline, _time);
                    // False if the process was suspended before it could read the response.
                    if (term.MayWrite)
                        return term;
                }

                ReportLeader(_claim.Holder);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return null;
            }
            catch (Exception error)
            {
                // No response of the API server and no content of a credential file may end the candidate.
                delay = Delay(error, delay);
                ReportFailure("get or acquire", error, delay);
            }

            await PauseAsync(delay, stop).ConfigureAwait(false);
        }

        return null;
    }

    private async Task<bool> LeadAsync(LeaderTerm term, Func<LeaderTerm, Task<bool>> lead, CancellationToken stop)
    {
        ReportRecovery();
        _reportedLeader = "";
        _onNotice(new LeaderNotice.StartedLeading(_lease));
        await using var registration = term.Lost.Register(() => _onNotice(new LeaderNotice.StoppedLeading(term.EndReason))).ConfigureAwait(false);
        var renewing = RenewAsync(term);
        try
        {
            return await lead(term).ConfigureAwait(false);
        }
        finally
        {
            term.End(stop.IsCancellationRequested ? "this process is shutting down" : "the leader tasks have ended");
            await renewing.ConfigureAwait(false);
        }
    }

    /// <summary>Renews until the term ends. Requests start a retry period apart, or when the previous one ends if that is later.</summary>
    private async Task RenewAsync(LeaderTerm term)
    {
        while (true)
        {
            var pause = _options.RetryPeriod - _time.GetElapsedTime(_lastCall);
            await PauseAsync(pause > TimeSpan.Zero ? pause : TimeSpan.Zero, term.Lost).ConfigureAwait(false);
            // A process that was suspended gets here before the timer of its term has run.
            if (!term.MayWrite)
            {
                term.End(term.EndReason);
                return;
            }

            try
            {
                if (await CallAsync(_claim.RenewAsync, term.Lost).ConfigureAwait(false) is not { } sent)
                {
                    term.End(_claim.Holder.Length > 0 ? $"{_claim.Holder} has acquired the Lease {_lease}" : $"the Lease {_lease} no longer has a holder");
                    return;
                }

                term.Renew(sent);
                ReportRecovery();
            }
            catch (OperationCanceledException) when (term.Lost.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                ReportFailure("renew", error, _options.RetryPeriod);
            }
        }
    }

    private async Task ReleaseAsync()
    {
        try
        {
            if (await CallAsync(_claim.ReleaseAsync, CancellationToken.None).ConfigureAwait(false))
                _onNotice(new LeaderNotice.Released(_lease));
        }
        catch (Exception error)
        {
            // The lease expires without it.
            _onNotice(new LeaderNotice.Failed(_lease, "release", error, RetryIn: null));
        }
    }

    /// <summary>
    /// Waits for a duration or a cancellation. Unlike with Task.Delay, the continuation runs where the cancellation happens and not on a
    /// pool thread, so that an election with all its candidates can run on one thread, in the same order each time.
    /// </summary>
    private async Task PauseAsync(TimeSpan duration, CancellationToken cancellation)
    {
        var over = new TaskCompletionSource();
        await using var timer = _time.CreateTimer(_ => over.TrySetResult(), null, duration, Timeout.InfiniteTimeSpan).ConfigureAwait(false);
        await using var cancelled = cancellation.Register(() => over.TrySetResult()).ConfigureAwait(false);
        await over.Task.ConfigureAwait(false);
    }

    private async Task<T> CallAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellation)
    {
        _lastCall = _time.GetTimestamp();
        using var deadline = new Deadline(_options.RequestTimeout, _time, cancellation);
        try
        {
            return await call(deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (deadline.HasPassed)
        {
            throw new TimeoutException($"no answer within {_options.RequestTimeout.TotalSeconds:0.#} s", error);
        }
    }

    private TimeSpan Delay(Exception error, TimeSpan regular)
    {
        // A single 403 is common: a server that has just started denies everything until it has loaded its roles.
        _forbiddenInARow = error is ApiServerException { IsForbidden: true } ? _forbiddenInARow + 1 : 0;
        var delay = _forbiddenInARow > 1 && regular < _options.ForbiddenRetryPeriod ? _options.ForbiddenRetryPeriod : regular;
        return error is ApiServerException { RetryAfter: { } retryAfter } && retryAfter > delay
            ? retryAfter < LeaderElectorOptions.MaxRetryAfter ? retryAfter : LeaderElectorOptions.MaxRetryAfter
            : delay;
    }

    private void ReportFailure(string action, Exception error, TimeSpan retryIn)
    {
        _isFailing = true;
        _onNotice(new LeaderNotice.Failed(_lease, action, error, retryIn));
    }

    private void ReportRecovery()
    {
        _forbiddenInARow = 0;
        if (!_isFailing)
            return;
        _isFailing = false;
        _onNotice(new LeaderNotice.Recovered(_lease));
    }

    private void ReportLeader(string holder)
    {
        ReportRecovery();
        if (holder == _reportedLeader || holder.Length == 0 || holder == _options.Identity)
            return;
        _reportedLeader = holder;
        _onNotice(new LeaderNotice.NewLeader(holder));
    }
}
