using IngressController.Routing.Table;
using IngressController.Routing.Translation;
using k8s.Models;

namespace IngressController.Routing.Tests.Architecture;

/// <summary>Translation is pure, and its result is free of Kubernetes' types.</summary>
public sealed class PurityTests
{
    private const string ModelsNamespace = "k8s.Models";

    private static IEnumerable<Type> TableTypes => typeof(RoutingTable).Assembly.GetTypes()
        .Where(type => type.Namespace == typeof(RoutingTable).Namespace || type.Namespace == typeof(ResourceName).Namespace);

    [Fact]
    public void Routing_refers_to_nothing_impure() =>
        Assert.Empty(PurityChecker.FindForbidden(typeof(RoutingTableTranslator).Assembly.Location));

    [Fact]
    public void The_checker_finds_what_this_assembly_uses()
    {
        var found = PurityChecker.FindForbidden(typeof(PurityTests).Assembly.Location);

        string[] expected =
        [
            "IngressController.Kubernetes.Serialization.KubernetesYaml", "k8s.IKubernetes", "k8s.Models.V1Service.set_Kind", "System.DateTime.get_UtcNow", "System.DateTimeOffset.get_Now",
            "System.Guid.NewGuid", "System.IO.Directory", "System.IO.File", "System.Net.Dns", "System.Net.Http.HttpClient", "System.Random",
            "System.TimeProvider",
        ];
        Assert.All(expected, name => Assert.Contains(name, found));
        Assert.DoesNotContain("k8s.Models.V1Service", found);
    }

    [Theory]
    [InlineData("Microsoft.AspNetCore.Http.Abstractions", "Microsoft.AspNetCore.Http", "HttpContext", true)]
    [InlineData("Yarp.ReverseProxy", "Yarp.ReverseProxy.Configuration", "RouteConfig", true)]
    [InlineData("Microsoft.Extensions.Logging.Abstractions", "Microsoft.Extensions.Logging", "ILogger", true)]
    [InlineData("IngressController.Kubernetes", "IngressController.Kubernetes.Client", "ApiClient", true)]
    [InlineData("IngressController.Kubernetes", "IngressController.Kubernetes", "Anything", true)]
    [InlineData("KubernetesClient.Aot", "k8s.Models", "V1Ingress", false)]
    [InlineData("KubernetesClient.Aot", "k8s", "IKubernetesObject`1", false)]
    [InlineData("KubernetesClient.Aot", "k8s", "IKubernetes", true)]
    [InlineData("KubernetesClient.Aot", "k8s.Autorest", "HttpOperationException", true)]
    [InlineData("YamlDotNet", "YamlDotNet.Serialization", "Deserializer", true)]
    [InlineData("YamlDotNet", "YamlDotNet.Core", "Parser", false)]
    [InlineData("System.Runtime", "System", "DateTime", false)]
    [InlineData("System.Net.Primitives", "System.Net", "IPAddress", false)]
    public void The_checker_forbids_types_by_assembly_namespace_and_name(string assembly, string @namespace, string name, bool forbidden) =>
        Assert.Equal(forbidden, PurityChecker.IsForbiddenType(assembly, @namespace, name));

    [Theory]
    [InlineData("k8s.Models", "V1Ingress", "set_Spec", true)]
    [InlineData("k8s.Models", "V1Ingress", "get_Spec", false)]
    [InlineData("System", "DateTime", "get_UtcNow", true)]
    public void The_checker_forbids_members(string @namespace, string type, string name, bool forbidden) =>
        Assert.Equal(forbidden, PurityChecker.IsForbiddenMember(@namespace, type, name));

    [Fact]
    public void The_table_refers_to_no_Kubernetes_model()
    {
        Assert.NotEmpty(TableTypes);
        Assert.All(TableTypes, type => Assert.DoesNotContain(TypeUse.Of(type), used => used.Namespace == ModelsNamespace));
    }

    [Fact]
    public void The_check_of_the_table_finds_planted_models()
    {
        Assert.Contains(typeof(V1Service), TypeUse.Of(typeof(InSignature)));
        Assert.Contains(typeof(V1Service), TypeUse.Of(typeof(InCode)));
    }

    private sealed record InSignature(List<V1Service> Services);

    private static class InCode
    {
        public static object Make() => new V1Service { Kind = "Service" };
    }

    /// <summary>Never called: the checker must find it.</summary>
    internal static object[] Impure() =>
        [DateTime.UtcNow, DateTimeOffset.Now, Guid.NewGuid(), TimeProvider.System, System.Net.Dns.GetHostName(), new HttpClient(), typeof(k8s.IKubernetes)];
}
