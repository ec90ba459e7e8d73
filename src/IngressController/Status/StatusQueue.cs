using System.Threading.Channels;
using IngressController.Routing.Cluster;
using IngressController.Signals;
using IngressController.Sources;

namespace IngressController.Status;

/// <summary>The Ingresses whose status waits to be written or is being written, each once, first come first served.</summary>
internal sealed class StatusQueue
{
    private readonly Lock _lock = new();
    private readonly HashSet<ResourceName> _held = [];
    private readonly Channel<ResourceName> _waiting = Channel.CreateUnbounded<ResourceName>();
    private readonly Signal _done = new();

    public ChannelReader<ResourceName> Waiting => _waiting.Reader;

    /// <summary>Completes when one is done after this was read. While it was at work it could not be added again: look once more.</summary>
    public Task NextDone => _done.Next;

    public void Add(ResourceName ingress)
    {
        lock (_lock)
        {
            if (_held.Add(ingress))
                _waiting.Writer.TryWrite(ingress);
        }
    }

    public void Done(ResourceName ingress)
    {
        lock (_lock)
            _held.Remove(ingress);
        _done.Set();
    }
}
