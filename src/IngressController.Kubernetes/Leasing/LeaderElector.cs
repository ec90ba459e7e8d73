using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Transport;

namespace IngressController.Kubernetes.Leasing;

/// <summary>
/// One candidate of a leader election by a Lease. It takes the lease when that is free, renews it while it leads, and goes on as a
/// candidate when it has lost it; no failure ends it.
/// </summary>
public sealed class LeaderElector
{
    private readonly LeaderElectorOptions _options;
    private readonly TimeProvider _time;
    private readonly Action<LeaderNotice> _onNotice;
    private readonly Random _random;
    private readonly LeaseClaim _claim;
    private readonly string _lease;
    private string _followed = "";
    private bool _isFailing;
    private int _refusals;
    private long _lastCall;

    /// <param name="access">How the Lease is read and written.</param>
    /// <param name="options">Its name, and the durations.</param>
    /// <param name="time">Only its timestamps decide; its time of day is written for people to read.</param>
    /// <param name="onNotice">Told what happens, from any thread; must not throw or block.</param>
    /// <param name="random">For the jitter; null for the usual one.</param>
    /// <exception cref="ArgumentException">The durations do not fit together.</exception>
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

    /// <summary>Takes part until it is stopped; then it waits for the work to end, and gives the lease back.</summary>
    /// <param name="lead">
    /// The leader's work: called each time this candidate becomes the leader. It has to end soon after the term is lost or the candidate is
    /// stopped; in the latter case the lease is still renewed until it has ended. Returns whether everything has ended: if not, the lease
    /// is left to expire.
    /// </param>
    /// <param name="stop">Ends it all.</param>
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

    /// <returns>The term; null when it was stopped.</returns>
    private async Task<LeaderTerm?> AcquireAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var delay = _options.RetryPeriod * (1 + (LeaderElectorOptions.JitterFactor * _random.NextDouble()));
            try
            {
                if (await CallAsync(_claim.TakeAsync, stop).ConfigureAwait(false) is { } sent)
                {
                    var term = new LeaderTerm(sent, _options.RenewDeadline, _time);
                    // Otherwise this process was stopped before it could read the answer.
                    if (term.MayWrite)
                        return term;
                }

                Follow(_claim.Holder);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return null;
            }
            catch (Exception error)
            {
                // Nothing the API server answers or a file of credentials holds may end the candidate.
                delay = Delay(error, delay);
                Fail("get or take", error, delay);
            }

            await PauseAsync(delay, stop).ConfigureAwait(false);
        }

        return null;
    }

    private async Task<bool> LeadAsync(LeaderTerm term, Func<LeaderTerm, Task<bool>> lead, CancellationToken stop)
    {
        Reached();
        _followed = "";
        _onNotice(new LeaderNotice.Leads(_lease));
        await using var told = term.Lost.Register(() => _onNotice(new LeaderNotice.LeadsNoMore(term.EndReason))).ConfigureAwait(false);
        var renewing = RenewAsync(term);
        try
        {
            return await lead(term).ConfigureAwait(false);
        }
        finally
        {
            term.End(stop.IsCancellationRequested ? "this process ends" : "its work has ended");
            await renewing.ConfigureAwait(false);
        }
    }

    /// <summary>Renews for as long as the term lasts, from one request to the next a retry period, or as long as the first of them takes.</summary>
    private async Task RenewAsync(LeaderTerm term)
    {
        while (true)
        {
            var pause = _options.RetryPeriod - _time.GetElapsedTime(_lastCall);
            await PauseAsync(pause > TimeSpan.Zero ? pause : TimeSpan.Zero, term.Lost).ConfigureAwait(false);
            // A process that wakes from a stop gets here before it is told that its term is over.
            if (!term.MayWrite)
            {
                term.End(term.EndReason);
                return;
            }

            try
            {
                if (await CallAsync(_claim.RenewAsync, term.Lost).ConfigureAwait(false) is not { } sent)
                {
                    term.End(_claim.Holder.Length > 0 ? $"{_claim.Holder} has taken the Lease {_lease}" : $"somebody has emptied the Lease {_lease}");
                    return;
                }

                term.Renewed(sent);
                Reached();
            }
            catch (OperationCanceledException) when (term.Lost.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                Fail("renew", error, _options.RetryPeriod);
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
            // It expires by itself.
            _onNotice(new LeaderNotice.Failed(_lease, "give back", error, RetryIn: null));
        }
    }

    /// <summary>
    /// Waits, or less when cancelled. Unlike with Task.Delay, what follows runs where the cancellation happens and not on some thread of the
    /// pool, so that an election with all its candidates can run on one thread, in the same order each time.
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

    private TimeSpan Delay(Exception error, TimeSpan usual)
    {
        // Once is common: a server that has just started forbids everything until it has read its roles.
        _refusals = error is ApiServerException { IsForbidden: true } ? _refusals + 1 : 0;
        var delay = _refusals > 1 ? _options.ForbiddenRetry * (usual / _options.RetryPeriod) : usual;
        return error is ApiServerException { RetryAfter: { } asked } && asked > delay
            ? asked < _options.ForbiddenRetry ? asked : _options.ForbiddenRetry
            : delay;
    }

    private void Fail(string action, Exception error, TimeSpan retryIn)
    {
        _isFailing = true;
        _onNotice(new LeaderNotice.Failed(_lease, action, error, retryIn));
    }

    private void Reached()
    {
        _refusals = 0;
        if (!_isFailing)
            return;
        _isFailing = false;
        _onNotice(new LeaderNotice.Recovered(_lease));
    }

    private void Follow(string holder)
    {
        Reached();
        if (holder == _followed || holder.Length == 0 || holder == _options.Identity)
            return;
        _followed = holder;
        _onNotice(new LeaderNotice.Follows(holder));
    }
}
