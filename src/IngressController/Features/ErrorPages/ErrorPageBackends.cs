using IngressController.Pipeline;
using IngressController.Routing.Features.ErrorPages;
using IngressController.Routing.Table;
using IngressController.Upstream;

namespace IngressController.Features.ErrorPages;

/// <summary>custom-http-errors: the pages of a route, which Services serve.</summary>
internal sealed class ErrorPageBackends : Pipeline.ErrorPages
{
    private const int MinCode = 400;

    private readonly bool[] _isReplaced = new bool[200];
    private readonly UpstreamCluster? _operators;
    private readonly bool _passesOnBackendErrors;
    private readonly ErrorPageClient _client;

    private ErrorPageBackends(ErrorPagesPolicy policy, PlanContext context)
    {
        foreach (var code in policy.Codes)
            _isReplaced[code - MinCode] = true;
        DefaultBackend = ClusterOf(policy.Own);
        _operators = ClusterOf(policy.Operators);
        _passesOnBackendErrors = policy.PassesOnBackendErrors;
        _client = context.Service<ErrorPageClient>();

        UpstreamCluster? ClusterOf(BackendId? backend) => backend is { } id ? context.Clusters.GetValueOrDefault(id) : null;
    }

    public override UpstreamCluster? DefaultBackend { get; }

    public static void AddServices(IServiceCollection services) => services.AddSingleton<ErrorPageClient>();

    public static ErrorPageBackends? Create(PlanContext context) => context.Policy<ErrorPagesPolicy>() is { } policy ? new ErrorPageBackends(policy, context) : null;

    // Without an exchange it is a dry run.
    public override bool ReplacesReply(ProxyRequest request, int status) =>
        IsReplaced(status) && request.Exchange is not null && !IsServed(request) && !IsGrpc(request.Context.Request);

    public override bool ReplacesResponse(ProxyRequest request, int status) => !_passesOnBackendErrors && ReplacesReply(request, status);

    public override async Task<bool> TryWriteAsync(ProxyRequest request, int status, bool keepsStatus) =>
        (DefaultBackend is { HasEndpoints: true } own ? own : _operators) is { HasEndpoints: true } cluster
        && await _client.TryWriteAsync(request, cluster, status, keepsStatus);

    private bool IsReplaced(int status) => (uint)(status - MinCode) < (uint)_isReplaced.Length && _isReplaced[status - MinCode];

    /// <summary>True if a Service of pages serves the request itself.</summary>
    private bool IsServed(ProxyRequest request) => request.Cluster is { } cluster && (cluster == DefaultBackend || cluster == _operators);

    /// <summary>A client of gRPC reads a status from trailers, and no pages.</summary>
    private static bool IsGrpc(HttpRequest request) => request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true;
}
