using IngressController.Upstream;
using Yarp.ReverseProxy.Model;

namespace IngressController.Pipeline;

/// <summary>
/// Chooses the endpoints of the requests of a route that does not take them in turn. It holds what the route asks for; state belongs to the
/// cluster, so that all its routes share it.
/// </summary>
internal abstract class EndpointChoice
{
    /// <summary>The values that apply, for <c>explain</c>.</summary>
    public abstract string Description { get; }

    /// <summary>The endpoint of a new request; null if there is none.</summary>
    public abstract DestinationState? First(ProxyRequest request, UpstreamCluster cluster, UpstreamModel model);

    /// <summary>True if a request whose endpoint failed must not be sent to another one.</summary>
    public virtual bool Keeps(ProxyRequest request, UpstreamCluster cluster, DestinationState failed) => false;
}

/// <summary>Gives the requests of a route its choice of endpoints.</summary>
internal sealed class EndpointChoiceStep(EndpointChoice choice) : RequestStep
{
    public override string Name => "load balancing";

    public EndpointChoice Choice => choice;

    /// <param name="choices">
    /// The factories, in order. Each gets the context and the choice of the earlier ones, which it can use for the requests that it leaves to
    /// them, and returns null if the route does not ask for it.
    /// </param>
    public static Func<PlanContext, IEnumerable<RequestStep>> Of(params Func<PlanContext, EndpointChoice?, EndpointChoice?>[] choices) => context =>
    {
        EndpointChoice? choice = null;
        foreach (var create in choices)
            choice = create(context, choice) ?? choice;
        return choice is null ? [] : [new EndpointChoiceStep(choice)];
    };

    public override string Describe(Revision revision) => choice.Description;

    public override ValueTask<bool> InvokeAsync(ProxyRequest request)
    {
        request.Choice = choice;
        return ValueTask.FromResult(true);
    }
}
