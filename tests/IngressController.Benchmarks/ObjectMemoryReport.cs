using System.Text;
using System.Text.Json;
using IngressController.Kubernetes.Serialization;
using k8s;
using k8s.Models;

namespace IngressController.Benchmarks;

/// <summary>
/// Reports the memory of decoded objects as API servers send them, with <c>managedFields</c>, last-applied annotation and owners: with this
/// controller's JSON types, and with those of the client package for comparison.
/// </summary>
internal static class ObjectMemoryReport
{
    private const int Objects = 10_000;

    public static int Run()
    {
        Report<V1Ingress>("Ingress", Ingress);
        Report<V1Service>("Service", Service);
        Report<V1EndpointSlice>("EndpointSlice", Slice);
        return 0;
    }

    private static void Report<T>(string kind, Func<int, string> json)
    {
        var info = ApiJson.Of<T>();
        Console.WriteLine(
            $"{kind}: {Encoding.UTF8.GetByteCount(json(0))} bytes of JSON, "
            + $"{Measure(i => JsonSerializer.Deserialize(json(i), info)!)} bytes of memory; with the client package {Measure(i => KubernetesJson.Deserialize<T>(json(i))!)}");
    }

    private static long Measure(Func<int, object> decode)
    {
        decode(0); // initializes static state, which is not part of an object
        var objects = new object[Objects];
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < Objects; i++)
            objects[i] = decode(i);
        var after = GC.GetTotalMemory(forceFullCollection: true);
        GC.KeepAlive(objects);
        return (after - before) / Objects;
    }

    private static string Ingress(int i)
    {
        const string Spec = """
            {"ingressClassName":"yarp","rules":[{"host":"HOST","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"NAME","port":{"number":80}}}},{"path":"/api","pathType":"Prefix","backend":{"service":{"name":"NAME","port":{"number":80}}}}]}}],"tls":[{"hosts":["HOST"],"secretName":"NAME-tls"}]}
            """;
        return Fill(i, """
            {"apiVersion":"networking.k8s.io/v1","kind":"Ingress",
            """ + Metadata("""
            "annotations":{"cert-manager.io/cluster-issuer":"letsencrypt","nginx.ingress.kubernetes.io/proxy-body-size":"8m","kubectl.kubernetes.io/last-applied-configuration":
            """ + JsonSerializer.Serialize("""{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"NAME","namespace":"TEAM"},"spec":""" + Spec + "}") + "},",
            "f:ingressClassName") + ",\"spec\":" + Spec + ",\"status\":{\"loadBalancer\":{\"ingress\":[{\"ip\":\"203.0.113.9\"}]}}}");
    }

    private static string Service(int i)
    {
        const string Spec = """
            {"clusterIP":"10.96.A.B","clusterIPs":["10.96.A.B"],"internalTrafficPolicy":"Cluster","ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack","ports":[{"name":"http","port":80,"protocol":"TCP","targetPort":"http"}],"selector":{"app.kubernetes.io/name":"NAME"},"sessionAffinity":"None","type":"ClusterIP"}
            """;
        return Fill(i, """{"apiVersion":"v1","kind":"Service",""" + Metadata(
            "\"annotations\":{\"kubectl.kubernetes.io/last-applied-configuration\":"
            + JsonSerializer.Serialize("""{"apiVersion":"v1","kind":"Service","metadata":{"name":"NAME","namespace":"TEAM"},"spec":""" + Spec + "}") + "},",
            "f:selector") + ",\"spec\":" + Spec + ",\"status\":{\"loadBalancer\":{}}}");
    }

    private static string Slice(int i) => Fill(i, """{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","addressType":"IPv4",""" + Metadata(
        """
        "generateName":"NAME-","ownerReferences":[{"apiVersion":"v1","kind":"Service","name":"NAME","uid":"UID","controller":true,"blockOwnerDeletion":true}],
        "annotations":{"endpoints.kubernetes.io/last-change-trigger-time":"2030-01-01T00:00:00Z"},
        """, "f:endpoints")
        + "," + """
        "endpoints":[
        {"addresses":["10.1.A.B"],"conditions":{"ready":true,"serving":true,"terminating":false},"nodeName":"node-1","zone":"a","targetRef":{"kind":"Pod","namespace":"TEAM","name":"NAME-7d9f-x","uid":"UID"}},
        {"addresses":["10.2.A.B"],"conditions":{"ready":true,"serving":true,"terminating":false},"nodeName":"node-2","zone":"b","targetRef":{"kind":"Pod","namespace":"TEAM","name":"NAME-7d9f-y","uid":"UID"}}],
        "ports":[{"name":"http","port":8080,"protocol":"TCP"}]}
        """);

    /// <param name="members">Further members, with a trailing comma.</param>
    /// <param name="field">A field of the first entry of <c>managedFields</c>.</param>
    private static string Metadata(string members, string field) => $$$"""
        "metadata":{"name":"NAME","namespace":"TEAM","uid":"UID","resourceVersion":"123456","generation":3,"creationTimestamp":"2030-01-01T00:00:00Z",
        {{{members}}}"labels":{"app.kubernetes.io/name":"NAME","app.kubernetes.io/instance":"NAME","app.kubernetes.io/managed-by":"Helm","kubernetes.io/service-name":"NAME"},
        "managedFields":[{"manager":"kubectl-client-side-apply","operation":"Update","apiVersion":"v1","time":"2030-01-01T00:00:00Z","fieldsType":"FieldsV1",
        "fieldsV1":{"f:metadata":{"f:annotations":{".":{},"f:kubectl.kubernetes.io/last-applied-configuration":{} },"f:labels":{".":{},"f:app.kubernetes.io/name":{},"f:app.kubernetes.io/instance":{} } },"f:spec":{"{{{field}}}":{},"f:ports":{".":{},"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:name":{},"f:port":{},"f:protocol":{},"f:targetPort":{} } } } } },
        {"manager":"yarp-ingress-controller","operation":"Update","apiVersion":"networking.k8s.io/v1","time":"2030-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:status":{"f:loadBalancer":{"f:ingress":{} } } },"subresource":"status"}]}
        """;

    private static string Fill(int i, string json) => json
        .Replace("HOST", $"app-{i}.example.com").Replace("NAME", $"app-{i}").Replace("TEAM", $"team-{i % 100}")
        .Replace("UID", new Guid(i, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0).ToString()).Replace("A.B", $"{i / 250}.{i % 250}");
}
