namespace IngressController.Pipeline;

/// <summary>
/// Replies 503 if no endpoint is available. Runs before limits and authentication, as in ingress-nginx, so that clients of a Service that
/// is down do not use up their limits. The main backend decides, also for requests of canaries; of several with weights, any of them.
/// </summary>
internal sealed class EndpointsStep(LocalReplies replies) : RequestStep
{
    public override string Name => "endpoints";

    public static RequestStep Create(PlanContext context) => new EndpointsStep(context.Replies);

    public override string Describe(Revision revision) => "503 if no endpoint is ready";

    public override ValueTask<bool> InvokeAsync(ProxyRequest request) =>
        request.Route.HasEndpoints || request.Cluster is { HasEndpoints: true } ? ValueTask.FromResult(true) : RefuseAsync(request);

    private async ValueTask<bool> RefuseAsync(ProxyRequest request)
    {
        await replies.RefuseAsync(request, request.Route.Cluster is null ? Refusal.NoBackend : Refusal.NoEndpoint);
        return false;
    }
}
