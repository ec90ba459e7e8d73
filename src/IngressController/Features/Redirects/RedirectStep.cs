using IngressController.Proxy;
using IngressController.Routing.Features.Redirects;

namespace IngressController.Features.Redirects;

/// <summary>Sends every request to a URL.</summary>
internal sealed class RedirectStep(RedirectPolicy policy, OwnAnswers answers) : RequestStep
{
    public override string Name => "redirect";

    public static RequestStep? Create(StepContext context) =>
        context.Policy<RedirectPolicy>() is { } policy ? new RedirectStep(policy, context.Services.Answers) : null;

    public override string Describe() => $"{policy.Status} to {policy.Location}";

    public override async ValueTask<bool> InvokeAsync(HttpContext context, ProxyRoute route)
    {
        await answers.RedirectAsync(context, policy.Status, Location(policy.Location, context, route));
        return false;
    }

    /// <summary>A path that a request has put a slash in front of is not the start of another host: browsers read // as one.</summary>
    private static string Location(ValueTemplate template, HttpContext context, ProxyRoute route)
    {
        var location = TemplateValues.Expand(template, context, route);
        return location.StartsWith("//", StringComparison.Ordinal) || location.StartsWith("/\\", StringComparison.Ordinal)
            ? $"/{location.TrimStart('/', '\\')}"
            : location;
    }
}
