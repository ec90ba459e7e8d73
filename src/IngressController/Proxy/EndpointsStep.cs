namespace IngressController.Proxy;

/// <summary>
/// Answers 503 when nothing could take the request, before anybody is counted or asked for a password: as in ingress-nginx, and so that
/// clients of a Service that is down do not use up their limits.
/// </summary>
internal sealed class EndpointsStep(OwnAnswers answers) : RequestStep
{
    public override string Name => "endpoints";

    public static RequestStep Create(StepContext context) => new EndpointsStep(context.Services.Answers);

    public override string Describe() => "503 if no endpoint is ready";

    public override ValueTask<bool> InvokeAsync(HttpContext context, ProxyRoute route) =>
        route.Cluster is { } cluster && cluster.Current.State.DestinationsState.AvailableDestinations.Count > 0
            ? ValueTask.FromResult(true)
            : RefuseAsync(context, route.Cluster);

    private async ValueTask<bool> RefuseAsync(HttpContext context, UpstreamCluster? cluster)
    {
        await answers.RefuseAsync(context, cluster is null ? Refusal.NoBackend : Refusal.NoEndpoint);
        return false;
    }
}
