using System.Buffers.Text;
using System.Text;
using IngressController.Kubernetes.Leasing;

namespace IngressController.Tests.Leasing;

/// <summary>The owner with which a Lease is deleted.</summary>
public sealed class LeaseOwnerTests
{
    private const string Bound = """{"iss":"x","kubernetes.io":{"namespace":"edge","pod":{"name":"p","uid":"2"},"serviceaccount":{"name":"yarp","uid":"1"}}}""";

    [Fact]
    public void The_service_account_of_a_bound_token_owns_the_Lease()
    {
        var owner = LeaseOwner.OfServiceAccount(Token(Bound) + "\n", "edge");

        Assert.Equal(("v1", "ServiceAccount", "yarp", "1"), (owner!.ApiVersion, owner.Kind, owner.Name, owner.Uid));
        Assert.Equal((null, null), (owner.Controller, owner.BlockOwnerDeletion));
    }

    [Fact]
    public void An_account_in_another_namespace_owns_nothing() => Assert.Null(LeaseOwner.OfServiceAccount(Token(Bound), "other"));

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("no json")]
    [InlineData("""{"kubernetes.io":7}""")]
    [InlineData("""{"kubernetes.io":{"namespace":"edge"}}""")]
    [InlineData("""{"kubernetes.io":{"namespace":"edge","serviceaccount":{"name":"yarp"}}}""")]
    [InlineData("""{"kubernetes.io":{"namespace":"edge","serviceaccount":{"name":"yarp","uid":""}}}""")]
    public void A_token_without_an_account_owns_nothing(string claims) => Assert.Null(LeaseOwner.OfServiceAccount(Token(claims), "edge"));

    [Theory]
    [InlineData("")]
    [InlineData("opaque")]
    [InlineData("a.b")]
    [InlineData("a.%%%.c")]
    public void A_token_that_is_not_a_JWT_owns_nothing(string token) => Assert.Null(LeaseOwner.OfServiceAccount(token, "edge"));

    private static string Token(string claims) => $"e30.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}.c2ln";
}
