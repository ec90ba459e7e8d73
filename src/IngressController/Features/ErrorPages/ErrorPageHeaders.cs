using System.Globalization;
using IngressController.Http;
using IngressController.Pipeline;
using IngressController.Routing.Features.ErrorPages;
using IngressController.Routing.Table;

namespace IngressController.Features.ErrorPages;

/// <summary>The headers that tell a Service of error pages about the error. No client sets them.</summary>
internal static class ErrorPageHeaders
{
    public const string OriginalUri = "X-Original-URI";

    /// <summary>Their names.</summary>
    public static HeaderNameSet Names { get; } = new(
        ["X-Code", "X-Format", OriginalUri, "X-Namespace", "X-Ingress-Name", "X-Service-Name", "X-Service-Port", "X-Request-ID"]);

    /// <summary>Adds those that apply to every error. As in nginx, one without a value is not sent.</summary>
    public static void Add(ProxyRequest request, int status, Action<string, string> add)
    {
        var route = request.Route.Definition;
        var backend = (route.Action as RouteAction.Forward)?.Backend;
        add("X-Code", status.ToString(CultureInfo.InvariantCulture));
        AddUnlessEmpty("X-Format", request.Context.Request.Headers.Accept.ToString());
        AddUnlessEmpty("X-Namespace", route.Origin.Ingress.Namespace);
        AddUnlessEmpty("X-Ingress-Name", route.Origin.Ingress.Name);
        AddUnlessEmpty("X-Service-Name", backend?.Service.Name);
        AddUnlessEmpty("X-Service-Port", backend?.Port);
        add("X-Request-ID", request.Context.TraceIdentifier);

        void AddUnlessEmpty(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
                add(name, value);
        }
    }
}

/// <summary>Adds the headers to a request that the default backend serves.</summary>
internal sealed class DefaultBackendHeaders : RequestChange
{
    public static RequestChange? Create(PlanContext context) => context.Policy<ErrorPagesPolicy>() is { Own: not null } ? new DefaultBackendHeaders() : null;

    public override void Apply(ProxyRequest request, BackendHeaders headers)
    {
        if (request.Cluster != request.Route.Plan.ErrorPages?.DefaultBackend)
            return;
        headers.RemoveAll(ErrorPageHeaders.Names);
        ErrorPageHeaders.Add(request, StatusCodes.Status503ServiceUnavailable, (name, value) => headers.Add(name, value));
    }
}
