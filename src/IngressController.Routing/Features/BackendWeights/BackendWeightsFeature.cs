using System.Globalization;
using IngressController.Routing.Annotations;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.BackendWeights;

/// <summary>Several Services that share the requests of an Ingress.</summary>
public static class BackendWeightsFeature
{
    /// <summary>As in the Gateway API.</summary>
    private const int MaxWeight = 1_000_000;

    /// <summary>Each is looked at for each request.</summary>
    private const int MaxServices = 16;

    public static AnnotationKey<EquatableArray<ServiceWeight>> Weights { get; } = new()
    {
        Name = BackendWeightsPolicy.Annotation,
        Form = ValueForms.List.Select(Parse, "a comma-separated list of Services and weights: stable=80,next=20"),
        Default = "all requests go to the Service of the path",
        Documentation = "Services of the Ingress's namespace that share the requests of its paths, each with a weight from 0 to 1000000: a Service gets its weight "
            + "out of the sum of all, at random for each request. They replace the Service of the path, whose port applies to all; that Service gets requests if "
            + "it is listed. A Service with weight 0 gets none. The share of a Service that does not exist or has no endpoint goes to the others; requests are "
            + "answered 503 if none has one. spec.defaultBackend is not affected.",
    };

    public static RouteFeature Feature { get; } = new("Backend weights", [Weights], Read);

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        if (!context.Annotations.TryRead(Weights, out var services))
            return [];
        if (context.HasDefaultBackend)
        {
            context.Annotations.Report(Weights, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(
                ingress, field, "all its requests go to its own Service", " on spec.defaultBackend"));
        }

        return [new BackendWeightsPolicy(services)];
    }

    private static Parsed<EquatableArray<ServiceWeight>> Parse(EquatableArray<string> entries)
    {
        var services = new List<ServiceWeight>();
        foreach (var entry in entries)
        {
            var equals = entry.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
                return Refuse($"contains {entry}, which has no weight; write {entry}=WEIGHT");
            var (name, weight) = (entry[..equals].TrimEnd(), entry[(equals + 1)..].TrimStart());
            if (NameProblem(name) is { } problem)
                return Refuse($"contains {entry}, which {problem}");
            if (!int.TryParse(weight, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > MaxWeight)
                return Refuse($"contains {entry}, whose weight is not a whole number from 0 to {MaxWeight}");
            if (services.Exists(service => service.Service == name))
                return Refuse($"lists {name} twice");
            services.Add(new ServiceWeight(name, number));
        }

        return services.Count > MaxServices ? Refuse($"lists more than {MaxServices} Services")
            : services.Exists(service => service.Weight > 0) ? new EquatableArray<ServiceWeight>([.. services])
            : Refuse(services.Count == 0 ? "lists no Service" : "has no weight above 0");
    }

    private static string? NameProblem(string name) =>
        name.Contains('/', StringComparison.Ordinal) ? "names a namespace; only Services of the Ingress's own namespace can be listed"
        : name.Length is 0 or > 63 || name[0] == '-' || name[^1] == '-' || !name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')
            ? "does not begin with the name of a Service"
        : null;

    private static Parsed<EquatableArray<ServiceWeight>> Refuse(string problem) => ValueForm<EquatableArray<ServiceWeight>>.Refuse(problem);
}
