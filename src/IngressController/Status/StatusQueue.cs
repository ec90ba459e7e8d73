using System.Threading.Channels;
using IngressController.Signals;

namespace IngressController.Status;

/// <summary>
/// A first-in, first-out queue of the Ingresses whose status waits to be written or is being written. Each is in it once.
/// </summary>
internal sealed class StatusQueue
{
    private readonly Lock _lock = new();
    private readonly HashSet<ResourceName> _queued = [];
    private readonly Channel<ResourceName> _waiting = Channel.CreateUnbounded<ResourceName>();
    private readonly Signal _done = new();

    public ChannelReader<ResourceName> Waiting => _waiting.Reader;

    /// <summary>
    /// Completes at the next <see cref="Done"/>. An Ingress cannot be added while it is written, so check again for changes after that.
    /// </summary>
    public Task NextDone => _done.Next;

    public void Add(ResourceName ingress)
    {
        lock (_lock)
        {
            if (_queued.Add(ingress))
                _waiting.Writer.TryWrite(ingress);
        }
    }

    public void Done(ResourceName ingress)
    {
        lock (_lock)
            _queued.Remove(ingress);
        _done.Set();
    }
}
