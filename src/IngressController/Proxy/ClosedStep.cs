using IngressController.Routing.Table;

namespace IngressController.Proxy;

/// <summary>Answers 503 for an Ingress whose protection cannot be understood. Why is for its owner, in the diagnostics.</summary>
internal sealed class ClosedStep(ClosedPolicy policy, OwnAnswers answers) : RequestStep
{
    public override string Name => "closed";

    public static RequestStep? Create(StepContext context) =>
        context.Policy<ClosedPolicy>() is { } policy ? new ClosedStep(policy, context.Services.Answers) : null;

    public override string Describe() => $"503: {policy.Reason}";

    public override async ValueTask<bool> InvokeAsync(HttpContext context, ProxyRoute route)
    {
        await answers.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "Service Unavailable", "this route is closed because of its configuration");
        return false;
    }
}
