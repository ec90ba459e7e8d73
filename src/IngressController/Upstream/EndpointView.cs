using Yarp.ReverseProxy.Model;

namespace IngressController.Upstream;

/// <summary>
/// State that is derived from the endpoints of a cluster, for the requests of all routes that use it. A cluster has one of each type.
/// </summary>
internal abstract class EndpointView
{
    /// <summary>Applies new endpoints, in order of address and port. Calls do not overlap; requests read meanwhile.</summary>
    public abstract void Apply(IReadOnlyList<DestinationState> endpoints);
}

/// <summary>The views of a cluster. Each is made when it is first used, and updated by every change of the endpoints.</summary>
internal sealed class EndpointViews(UpstreamCluster cluster)
{
    private readonly Lock _changes = new();
    private volatile EndpointView[] _all = [];

    public TView Get<TView>(Func<UpstreamCluster, TView> create)
        where TView : EndpointView => Find<TView>() ?? Add(create);

    /// <summary>Applies the current endpoints of the cluster.</summary>
    public void Refresh()
    {
        lock (_changes)
        {
            foreach (var view in _all)
                view.Apply(cluster.Current.Endpoints);
        }
    }

    private TView? Find<TView>()
        where TView : EndpointView
    {
        foreach (var view in _all)
        {
            if (view is TView found)
                return found;
        }

        return null;
    }

    private TView Add<TView>(Func<UpstreamCluster, TView> create)
        where TView : EndpointView
    {
        lock (_changes)
        {
            if (Find<TView>() is { } other)
                return other;
            var view = create(cluster);
            view.Apply(cluster.Current.Endpoints);
            _all = [.. _all, view];
            return view;
        }
    }
}
