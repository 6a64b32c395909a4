"""Contracts of the Price List Query API and of the images' parameters."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rehearsal.images import images

from .test_instance_types import DEFAULT
from .world import DLAMI, UBUNTU, World, code

NAMES = {
    "instanceType": "g5.xlarge",
    "regionCode": "us-west-2",
    "operatingSystem": "Linux",
    "productFamily": "Compute Instance",
    "tenancy": "Shared",
}


def priced(aws: World, service: str, **terms: str) -> list[Any]:
    """The USD prices of what matches."""
    filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in terms.items()]
    listed = aws.client("pricing", "us-east-1").get_products(ServiceCode=service, Filters=filters)["PriceList"]
    terms_of = [next(iter(json.loads(one)["terms"]["OnDemand"].values())) for one in listed]
    return [next(iter(term["priceDimensions"].values()))["pricePerUnit"]["USD"] for term in terms_of]


def test_an_instance_has_one_price(aws: World) -> None:
    assert priced(aws, "AmazonEC2", **NAMES) == ["1.006"]


def test_disk_and_address_have_theirs(world: World) -> None:
    assert priced(world, "AmazonEC2", regionCode="us-west-2", volumeApiName="gp3") == ["0.08"]
    assert priced(world, "AmazonVPC", regionCode="us-west-2", group="VPCPublicIPv4Address") == ["0.005"] * 2


def test_another_value_matches_nothing(world: World) -> None:
    assert priced(world, "AmazonEC2", **{**NAMES, "operatingSystem": "linux"}) == []


def test_a_product_says_what_it_is(world: World) -> None:
    filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in NAMES.items()]
    (text,) = world.client("pricing", "us-east-1").get_products(ServiceCode="AmazonEC2", Filters=filters)["PriceList"]
    told = json.loads(text)["product"]["attributes"]
    facts = {key: told[key] for key in ("instanceFamily", "vcpu", "memory", "gpu")}
    assert facts == {"instanceFamily": "GPU instance", "vcpu": "4", "memory": "16 GiB", "gpu": "1"}


@pytest.mark.parametrize("region", DEFAULT)
@pytest.mark.slow
def test_every_gpu_type_of_a_default_region_has_a_price(world: World, region: str) -> None:
    ec2 = world.client("ec2", region)
    gpus = [{"Name": "instance-type", "Values": ["g*", "p*"]}]
    offered = {one["InstanceType"] for one in ec2.describe_instance_types(Filters=gpus)["InstanceTypes"]}
    terms = {"regionCode": region, "instanceFamily": "GPU instance"}
    filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in terms.items()]
    asked = {"ServiceCode": "AmazonEC2", "Filters": filters, "PaginationConfig": {"PageSize": 20}}
    pages = world.client("pricing", "us-east-1").get_paginator("get_products").paginate(**asked)
    listed = [json.loads(text)["product"]["attributes"]["instanceType"] for page in pages for text in page["PriceList"]]
    assert sorted(listed) == sorted(offered)


def test_a_page_holds_a_hundred_at_most(world: World) -> None:
    pricing = world.client("pricing", "us-east-1")
    first = pricing.get_products(ServiceCode="AmazonEC2")
    again = pricing.get_products(ServiceCode="AmazonEC2", NextToken=first["NextToken"])
    assert (len(first["PriceList"]), len(again["PriceList"])) == (100, 100)
    assert not set(first["PriceList"]) & set(again["PriceList"])
    wrong = {"ServiceCode": "AmazonEC2", "MaxResults": 101}
    assert code(pricing.get_products, **wrong) == "InvalidParameterException"


def test_only_three_regions_answer(world: World) -> None:
    asked = {"ServiceCode": "AmazonEC2", "Filters": []}
    assert code(world.client("pricing").get_products, **asked) == "InvalidParameterException"


def test_every_image_is_found_by_its_parameter_and_by_path(world: World) -> None:
    ssm = world.client("ssm")
    for path in ("/aws/service/deeplearning/ami/x86_64", "/aws/service/canonical/ubuntu/server"):
        pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=path, Recursive=True)
        found = {one["Name"]: one["Value"] for page in pages for one in page["Parameters"]}
        assert found == {one.parameter: one.id_in("us-west-2") for one in images() if one.parameter.startswith(path)}
    described = world.ec2.describe_images(ImageIds=[ssm.get_parameter(Name=DLAMI)["Parameter"]["Value"]])["Images"][0]
    assert (described["OwnerId"], described["Architecture"]) == ("898082745236", "x86_64")
    assert described["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"] == 75


def test_a_region_has_images_of_its_own(world: World) -> None:
    there = world.client("ssm", "eu-west-1").get_parameter(Name=UBUNTU)["Parameter"]["Value"]
    assert there != world.image
    assert world.client("ec2", "eu-west-1").describe_images(ImageIds=[there])["Images"][0]["OwnerId"] == "099720109477"


@pytest.mark.parametrize("owner", ["898082745236", "099720109477"])
def test_images_are_found_by_owner(world: World, owner: str) -> None:
    assert world.ec2.describe_images(Owners=[owner])["Images"]
