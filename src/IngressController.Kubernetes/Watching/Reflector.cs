using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Resources;
using k8s;
using k8s.Models;

namespace IngressController.Kubernetes.Watching;

/// <summary>
/// Follows one resource: delivers the complete state, then every change, until it is cancelled. No failure of the server or the network
/// ends it; the delivered state stays valid meanwhile. It behaves like client-go's reflector (tools/cache/reflector.go), with a watchdog
/// for dead connections.
/// </summary>
/// <param name="onChange">Receives the changes in order, one call at a time. If it throws, everything is relisted.</param>
/// <param name="onNotice">Receives notices; its exceptions are ignored.</param>
public sealed partial class Reflector<T>(
    ApiServerConnection client,
    ResourceType<T> resource,
    ReflectorOptions options,
    TimeProvider time,
    Action<ResourceChange<T>> onChange,
    Action<ReflectorNotice> onNotice)
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly ReflectorTimings _timings = options.Timings;
    private readonly string _name = resource.ToString();
    private readonly string? _namespace = resource.IsNamespaced ? options.Namespace : null;
    private readonly Lister<T> _lister = new(client, resource, options);
    private readonly ObjectIdentities _identities = new();
    private readonly Backoff _backoff = new(options.Timings, time);
    private readonly Backoff _expiryBackoff = new(options.Timings, time);
    private readonly Backoff _forbiddenBackoff = new(options.Timings with { MaxBackoff = options.Timings.ForbiddenBackoff }, time);
    private ReflectorStage _stage;
    private bool _useWatchList = options.UseWatchList;

    /// <summary>The newest version seen; null before the first list.</summary>
    private string? _lastVersion;

    /// <summary>True if the server rejected <see cref="_lastVersion"/>, so that the next list asks for the newest state.</summary>
    private bool _lastVersionUnavailable;

    /// <summary>True if the delivered state is complete up to <see cref="_lastVersion"/>, so that a watch can resume there.</summary>
    private bool _isSynchronized;

    private long? _internalErrorsSince;

    /// <summary>Runs until it is cancelled, then completes; it never fails. Call it once.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await StepAsync(cancellation).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                var delay = HandleFailure(error);
                if (delay > TimeSpan.Zero)
                    await Task.Delay(delay, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task StepAsync(CancellationToken cancellation)
    {
        if (!_isSynchronized && _useWatchList)
        {
            _stage = ReflectorStage.WatchList;
            await WatchAsync(new InitialEvents<T>(), cancellation).ConfigureAwait(false);
            return;
        }

        if (!_isSynchronized)
        {
            _stage = ReflectorStage.List;
            await ListAsync(cancellation).ConfigureAwait(false);
        }

        _stage = ReflectorStage.Watch;
        await WatchAsync(initial: null, cancellation).ConfigureAwait(false);
    }

    private async Task ListAsync(CancellationToken cancellation)
    {
        var version = _lastVersionUnavailable ? "" : _lastVersion ?? "0";
        ListedState<T> state;
        try
        {
            state = await _lister.ListAsync(version, cancellation).ConfigureAwait(false);
        }
        catch (ApiServerException error) when (version.Length > 0 && (error.IsExpired || error.IsTooLargeResourceVersion))
        {
            _lastVersionUnavailable = true;
            state = await _lister.ListAsync("", cancellation).ConfigureAwait(false);
        }

        Replace(new ResourceChange<T>.Replaced(state.Items, state.Undecodable), state.ResourceVersion, streamed: false);
    }

    private void Replace(ResourceChange<T>.Replaced state, string version, bool streamed)
    {
        foreach (var item in state.Undecodable)
            Notify(new ReflectorNotice.Undecodable(_name, _namespace, item));
        Deliver(state);
        _identities.Replace(state.Items.Select(item => item.Metadata!), state.Undecodable);
        _lastVersion = version;
        _lastVersionUnavailable = false;
        _isSynchronized = true;
        Notify(new ReflectorNotice.Listed(_name, _namespace, state.Items.Count, streamed));
    }

    private void Deliver(ResourceChange<T> change)
    {
        try
        {
            onChange(change);
        }
        catch (Exception error)
        {
            throw new DeliveryException(error);
        }
    }

    private void Notify(ReflectorNotice notice)
    {
        try
        {
            onNotice(notice);
        }
        catch (Exception)
        {
            // A listener must not stop the data, and there is no one left to report the exception to.
        }
    }
}
